import "bge-m3-web/element";
import "./style.css";
